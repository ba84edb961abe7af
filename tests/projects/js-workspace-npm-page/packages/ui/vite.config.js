export default { build: { lib: { entry: 'index.js', formats: ['es'], fileName: 'ui' } } }
