import type { ReactNode } from 'react'
import { Outlet, Scripts } from 'react-router'

export function Layout({ children }: { children: ReactNode }) {
  return <html lang="en"><head><title>Single page</title></head><body>{children}<Scripts /></body></html>
}

export default function Root() {
  return <Outlet />
}

export function HydrateFallback() {
  return <p>loading</p>
}
