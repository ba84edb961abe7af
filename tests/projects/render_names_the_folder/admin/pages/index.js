export default () => "admin";
