const url = new URL(process.env.API_URL || 'api')
