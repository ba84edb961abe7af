export default function Page() {
  return <p>hello from apps/admin</p>
}
