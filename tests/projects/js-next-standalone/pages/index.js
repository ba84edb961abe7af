export default function Page() {
  return <p>hello standalone</p>
}
