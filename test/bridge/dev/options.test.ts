import { describe, expect, it } from "vitest";
import { readOptions, StartFailure } from "../../../bridge/dev/options.ts";

describe("options of npm run dev", () => {
  it("default to port 8000 and a directory in the clone", () => {
    expect(readOptions([], {}, "/clone")).toEqual({
      port: 8000,
      dataDirectory: "/clone/.devpocket",
      isLan: false,
      wantsHelp: false,
    });
  });

  it("come from the shell and the arguments", () => {
    const environment = { PORT: "8123", DEVPOCKET_DATA_DIR: "/elsewhere/dä ta" };
    expect(readOptions(["--lan"], environment, "/clone")).toMatchObject({
      port: 8123,
      dataDirectory: "/elsewhere/dä ta",
      isLan: true,
    });
    expect(readOptions(["--help"], {}, "/clone").wantsHelp).toBe(true);
  });

  it.each(["0", "65536", "http", "80.5", "-1"])("refuse PORT=%s in one line", (port) => {
    expect(() => readOptions([], { PORT: port }, "/clone")).toThrow(StartFailure);
  });

  it("refuse what they do not know and point to the help", () => {
    expect(() => readOptions(["--wlan"], {}, "/clone")).toThrow(/--wlan.*--help/s);
  });
});
