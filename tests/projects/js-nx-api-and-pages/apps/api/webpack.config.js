const { composePlugins, withNx } = require('@nx/webpack')

module.exports = composePlugins(withNx({ target: 'node' }))
