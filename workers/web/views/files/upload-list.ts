/** What is on its way up, each with its progress. Uploads go on while the sheet is closed, as long as the page is there. */
import type { App } from "../../app.ts";
import { el, setText } from "../../dom.ts";
import { toast, toastFailure } from "../toast.ts";
import { upload } from "./uploading.ts";

export interface UploadList {
  element: HTMLElement;
  /** Sends files into a folder, one after the other. */
  add(directory: string, files: Iterable<File>): void;
}

/** `onDone` is called whenever a file has arrived. */
export function uploadList(app: App, environmentId: string, onDone: () => void): UploadList {
  const element = el("ul", { class: "uploads", "aria-label": "Uploads" });
  let last: Promise<void> = Promise.resolve();

  async function send(directory: string, file: File): Promise<void> {
    const stopping = new AbortController();
    const bar = el("progress", { max: 1, value: 0, "aria-label": `Upload of ${file.name}` });
    const word = el("span", { class: "upload-word" }, "0 %");
    const stop = el("button", { class: "button small", type: "button", "aria-label": `Stop ${file.name}` }, "Stop");
    stop.addEventListener("click", () => stopping.abort());
    const row = el("li", { class: "upload" }, el("span", { class: "upload-name" }, file.name), bar, word, stop);
    element.append(row);
    const onProgress = (share: number | null) => {
      if (share !== null) bar.value = share;
      setText(word, share === null ? "Waiting" : `${Math.floor(share * 100)} %`);
    };
    const { calls } = app;
    await upload({ calls, environmentId, directory, file, onProgress, signal: stopping.signal }).then(
      () => toast(`${file.name} is uploaded.`),
      (error: unknown) => (stopping.signal.aborted ? undefined : toastFailure(error)),
    );
    row.remove();
    onDone();
  }

  return {
    element,
    add(directory, files) {
      for (const file of files) last = last.then(() => send(directory, file));
    },
  };
}
