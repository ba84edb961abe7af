const config = {}
console.log(config.database.host)
