export default function Page() {
  return <p>hello from an export</p>
}
