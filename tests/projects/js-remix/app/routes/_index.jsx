export default function Index() {
  return <h1>hello from Remix</h1>
}
