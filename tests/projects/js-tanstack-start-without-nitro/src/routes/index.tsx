import { createFileRoute } from '@tanstack/react-router'
import { createServerFn } from '@tanstack/react-start'

const greeting = createServerFn().handler(() => `hello from TanStack on ${process.platform}`)

export const Route = createFileRoute('/')({
  loader: () => greeting(),
  component: () => <h1>{Route.useLoaderData()}</h1>,
})
