import express from 'express'
const port = 5000
express().listen(port)
