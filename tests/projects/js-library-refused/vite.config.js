export default { build: { lib: { entry: 'index.js' } } }
