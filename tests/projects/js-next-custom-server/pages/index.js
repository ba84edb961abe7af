export default function Page() {
  return <p>hello from a server of its own</p>
}
