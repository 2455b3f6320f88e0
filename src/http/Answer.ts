import { type IncomingMessage, ServerResponse } from "node:http"

/**
 * Node tells the end of an answer only while its connection stands. Whoever waits for the end of one whose connection is
 * gone would wait for ever, and stay in memory.
 */
export class Answer<Request extends IncomingMessage = IncomingMessage> extends ServerResponse<Request> {
  #lost = false
  #told: ReadonlyArray<() => void> = []

  override end(chunk?: unknown, encoding?: unknown, callback?: unknown): this {
    Reflect.apply(super.end, this, [chunk, encoding, callback])
    this.#told = [chunk, encoding, callback].filter(isCallback)
    if (this.#lost) process.nextTick(() => this.#tell())
    return this
  }

  /** Its connection is gone; what was not sent will not be. */
  lose(): void {
    this.#lost = true
    // One that waits for its turn behind others has no connection yet, and hears of no end.
    if (this.socket === null) this.emit("close")
    this.#tell()
  }

  #tell(): void {
    for (const told of this.#told) told()
  }
}

const isCallback = (value: unknown): value is () => void => typeof value === "function"
