import express from "express";

const app = express();

app.get("/", (request, response) => {
  response.json({ hello: request.query.name ?? "world" });
});

app.get("/health", (request, response) => {
  response.json({ status: "ok" });
});

const { HOST = "127.0.0.1", PORT = "3000" } = process.env;
const server = app.listen(Number(PORT), HOST, () => console.log(`listening on ${HOST}:${PORT}`));

process.on("SIGTERM", () => server.close());
