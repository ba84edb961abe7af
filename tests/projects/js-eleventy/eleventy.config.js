export default () => ({ dir: { input: 'content', output: 'public' } })
