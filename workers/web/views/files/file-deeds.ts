/** What can be done with one file or folder, with the questions asked first. */
import type { FileEntry } from "../../api/file-calls.ts";
import type { App } from "../../app.ts";
import { field } from "../field.ts";
import { form } from "../form.ts";
import { choose, confirm, openSheet } from "../sheet.ts";
import { toast, toastFailure } from "../toast.ts";

export type Named = FileEntry & { path: string };

/** Asks what to do and does it; problems are said. */
export async function askAbout(app: App, environmentId: string, entry: Named): Promise<void> {
  const isFile = entry.kind === "file";
  const deed = await choose<"download" | "share" | "rename" | "delete">(entry.name, [
    { label: isFile ? "Download" : "Download as archive", value: "download" },
    ...(isFile && "canShare" in navigator ? [{ label: "Share…", value: "share" as const }] : []),
    { label: "Rename…", value: "rename" },
    { label: "Delete…", value: "delete", isDangerous: true },
  ]);
  if (deed === "download") await download(app, environmentId, entry).catch(toastFailure);
  if (deed === "share") await share(app, environmentId, entry).catch(toastFailure);
  if (deed === "rename") await rename(app, environmentId, entry);
  if (deed === "delete") await remove(app, environmentId, entry);
}

async function download(app: App, environmentId: string, entry: Named): Promise<void> {
  toast(`Fetching ${entry.name}…`);
  const address = URL.createObjectURL(await app.calls.download(environmentId, entry));
  const link = document.createElement("a");
  link.href = address;
  link.download = entry.kind === "directory" ? `${entry.name}.tar` : entry.name;
  link.click();
  // The browser has begun to keep it by the next turn of its loop.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
  toast(`${link.download} is in your downloads.`);
}

/** The system's own sheet; where it does not take this file, the file is downloaded. */
async function share(app: App, environmentId: string, entry: Named): Promise<void> {
  toast(`Fetching ${entry.name}…`);
  const content = await app.calls.download(environmentId, entry);
  const file = new File([content], entry.name, { type: content.type });
  if (!navigator.canShare({ files: [file] })) {
    toast("This device does not share such a file; download it instead.");
    return;
  }
  await navigator.share({ files: [file] }).catch((error: unknown) => {
    const isDismissed = error instanceof DOMException && error.name === "AbortError";
    if (!isDismissed) toast("This device did not share it; download it instead.");
  });
}

async function rename(app: App, environmentId: string, entry: Named): Promise<void> {
  const directory = entry.path.slice(0, entry.path.length - entry.name.length);
  await askName("Rename", entry.name, (name) => app.calls.moveFile(environmentId, entry.path, directory + name));
}

/** Makes a folder in a folder. */
export async function newFolder(app: App, environmentId: string, directory: string): Promise<void> {
  const at = directory === "" ? "" : `${directory}/`;
  await askName("New folder", "", (name) => app.calls.makeDirectory(environmentId, at + name));
}

async function askName(title: string, value: string, act: (name: string) => Promise<void>): Promise<void> {
  await openSheet<true>(title, (close) => {
    const name = field({ name: "name", label: "Name", value, maxLength: 255 });
    const submit = async () => {
      const text = name.value().trim();
      if (text === "" || text.includes("/")) {
        name.showError("A name without slashes, please.");
        return;
      }
      await act(text);
      close(true);
    };
    return [form({ fields: [name], action: title, busyAction: "Working…", submit })];
  });
}

async function remove(app: App, environmentId: string, entry: Named): Promise<void> {
  const isMeant = await confirm({
    title: `Delete ${entry.name}?`,
    text: entry.kind === "directory" ? "All that is in it goes too. This cannot be undone." : "This cannot be undone.",
    action: "Delete",
    isDangerous: true,
  });
  if (!isMeant) return;
  await app.calls.removeFile(environmentId, entry.path).then(() => toast(`${entry.name} is deleted.`), toastFailure);
}
