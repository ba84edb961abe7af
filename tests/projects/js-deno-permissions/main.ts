import { Application } from "@oak/oak";
const app = new Application();
const name = Deno.env.get("NAME");
await app.listen({ port: 8000 });
