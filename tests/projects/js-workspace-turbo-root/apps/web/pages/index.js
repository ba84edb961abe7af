export default function Page() {
  return <p>hello from apps/web</p>
}
