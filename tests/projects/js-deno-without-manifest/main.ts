Deno.serve({ port: 3000 }, () => new Response("hello from Deno"));
