/** Moves one file after the other, in a process of its own so that whoever types beside it has one too, until stdin ends. */
import { Content, getFile, putFile, type Store } from "./stores.ts";

const [way, bytes, url = "", authorization = ""] = process.argv.slice(2);
const store: Store = { name: "ours", url, headers: { authorization } };
const content = new Content(Number(bytes));
let isOver = false;
process.stdin.on("end", () => {
  isOver = true;
});
process.stdin.resume();
// What is got has to be what was put.
await putFile(store, content);
console.log(`listening ${way}`);
while (!isOver) await (way === "up" ? putFile : getFile)(store, content);
