export const read = () => Deno.readTextFile("data.json");
