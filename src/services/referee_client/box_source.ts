/**
 * Where a scoring box is heard: a serial port, a pipe, or a log that another
 * program writes.
 *
 * @module
 */

/** Bytes read at a time: a box says some lines a second. */
const READ_BYTES = 4096;

/** Between two looks whether a log has grown, in milliseconds. */
const FOLLOW_MS = 20;

/** A scoring box that cannot be heard. */
export class ScoringBoxError extends Error {
  override readonly name = "ScoringBoxError";
}

/**
 * Opens the box at `path`. A serial port is set to `baud`; a log is read from
 * its end on and followed while it grows.
 *
 * @throws {ScoringBoxError} when it cannot be opened.
 */
export async function openScoringBox(
  path: string,
  baud: number,
): Promise<ReadableStream<Uint8Array>> {
  try {
    const { isCharDevice, isFile } = await Deno.stat(path);
    if (isCharDevice) await setSpeed(path, baud);
    const file = await Deno.open(path);
    if (!isFile) return file.readable;
    await file.seek(0, Deno.SeekMode.End);
    return follow(file);
  } catch (error) {
    if (error instanceof ScoringBoxError) throw error;
    throw new ScoringBoxError(
      `Cannot listen to the scoring box "${path}": ${
        error instanceof Deno.errors.NotFound
          ? "there is no such device"
          : error instanceof Error
          ? error.message
          : String(error)
      }`,
    );
  }
}

/** Eight bits, no parity, nothing done to what comes. */
async function setSpeed(path: string, baud: number): Promise<void> {
  const device = Deno.build.os === "darwin" ? "-f" : "-F";
  const { success, stderr } = await new Deno.Command("stty", {
    args: [device, path, String(baud), "raw", "-echo", "cs8", "-parenb"],
    stdin: "null",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) {
    throw new ScoringBoxError(
      `Cannot set "${path}" to ${baud} baud: ${
        new TextDecoder().decode(stderr).trim()
      }`,
    );
  }
}

/** What is added to a file, until the reader has enough. */
function follow(file: Deno.FsFile): ReadableStream<Uint8Array> {
  let wake = (): void => {};
  let over = false;
  return new ReadableStream<Uint8Array>({
    async pull(controller): Promise<void> {
      const buffer = new Uint8Array(READ_BYTES);
      while (!over) {
        const count = await file.read(buffer);
        if (over) return;
        if (count !== null && count > 0) {
          controller.enqueue(buffer.subarray(0, count));
          return;
        }
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, FOLLOW_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
        });
      }
    },
    cancel(): void {
      over = true;
      wake();
      file.close();
    },
  });
}
