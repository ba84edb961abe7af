import express from 'express'
enum Mode { A }
express().listen(process.env.PORT)
