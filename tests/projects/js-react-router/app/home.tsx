export default function Home() {
  return <h1>hello from React Router</h1>
}
