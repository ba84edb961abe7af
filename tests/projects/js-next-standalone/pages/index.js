export default () => 'hello'
