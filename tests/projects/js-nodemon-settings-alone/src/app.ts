import express from 'express'
import { config } from './config'
express().listen(config.port)
