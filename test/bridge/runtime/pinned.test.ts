import { describe, expect, it } from "vitest";
import { RuntimeFailure } from "../../../bridge/runtime/runtime.ts";
import type { TmuxDoor } from "../../../bridge/runtime/tmux/door.ts";
import { pinWindow } from "../../../bridge/runtime/tmux/pinned.ts";

const size = { cols: 80, rows: 24 };
const places = { shellScript: "", restoredScript: "", shell: "", tmux: ["tmux"] };

/** A way to a tmux with these windows that fails where a session is to begin. */
function doorThatFails(windows: readonly string[]): TmuxDoor {
  return {
    places,
    run: ([command = ""]) => {
      if (command === "new-session") return Promise.reject(new RuntimeFailure("unavailable", "the way broke"));
      return Promise.resolve(Buffer.from(command === "list-windows" ? windows.join("\n") : ""));
    },
  };
}

describe("a window's own terminal", () => {
  it("takes a way that broke for no window that was closed", async () => {
    const pinned = pinWindow(doorThatFails(["=main:@1", "=main:@3"]), "w3", "=main:@3", size);
    await expect(pinned).rejects.toMatchObject({ code: "unavailable", message: "the way broke" });
  });

  it("says of a window that is gone that it was closed", async () => {
    const pinned = pinWindow(doorThatFails(["=main:@1", "=main:@33"]), "w3", "=main:@3", size);
    await expect(pinned).rejects.toMatchObject({ code: "window_not_found" });
  });
});
