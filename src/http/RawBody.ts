import * as NodeHttpServerRequest from "@effect/platform-node/NodeHttpServerRequest"
import type * as HttpServerRequest from "@effect/platform/HttpServerRequest"
import { Data, type Duration, Effect, Either } from "effect"
import type { IncomingMessage } from "node:http"
import type { Deadlines } from "../services/Deadlines.ts"
import * as BodyBytes from "./BodyBytes.ts"

/** `Aborted`: the sender went away or broke the protocol; nobody is left to answer. `NoRoom`: too much is in hand here. */
export class BodyError extends Data.TaggedError("BodyError")<{
  readonly reason: "TooLarge" | "TooSlow" | "Aborted" | "NoRoom"
}> {}

export interface Bounds {
  readonly bytes: number
  /** How long a sender may take. */
  readonly time: Duration.DurationInput
}

/**
 * The exact bytes of a request's body, up to a limit that the declared and the real length both obey. What comes beyond
 * the limit is thrown away as it arrives, so that the sender gets to read its answer.
 */
export const read = (
  request: HttpServerRequest.HttpServerRequest,
  { bytes, time }: Bounds
): Effect.Effect<Uint8Array, BodyError> =>
  Effect.timeoutFail(
    Effect.async<Uint8Array, BodyError>((resume) =>
      Effect.sync(
        listen(
          NodeHttpServerRequest.toIncomingMessage(request),
          { bytes, room: () => true, watch: () => () => undefined },
          resume
        )
      )
    ),
    { duration: time, onTimeout: () => new BodyError({ reason: "TooSlow" }) }
  )

/** How a body is read that comes by the thousand. */
export interface Watched extends Deadlines {
  readonly bytes: number
  /** Whether there is room for so many bytes more. */
  readonly room: (bytes: number) => boolean
}

/** The same within a time that is watched for many at once, and without a fiber that waits: calls `tell` once, unless the function that it gives was called before. */
export const listen = (
  source: IncomingMessage,
  bounds: Watched,
  tell: (body: Either.Either<Uint8Array, BodyError>) => void
): () => void => {
  const body = BodyBytes.make()
  let isReading = true
  const stop = () => {
    if (!isReading) return
    isReading = false
    unwatch()
    source.off("data", onData).off("end", onEnd).off("error", onAbort).off("close", onAbort)
    // Later trouble on a body that nobody reads any more is no one's error.
    source.on("error", () => undefined)
  }
  const refuse = (reason: BodyError["reason"]) => {
    stop()
    source.resume()
    tell(Either.left(new BodyError({ reason })))
  }
  const onData = (chunk: Buffer) => {
    if (body.size() + chunk.byteLength > bounds.bytes) refuse("TooLarge")
    else if (!bounds.room(chunk.byteLength)) refuse("NoRoom")
    else body.add(chunk)
  }
  const onEnd = () => {
    stop()
    tell(Either.right(body.whole()))
  }
  const onAbort = () => refuse("Aborted")
  const unwatch = bounds.watch(() => refuse("TooSlow"))
  if (Number(source.headers["content-length"] ?? 0) > bounds.bytes) refuse("TooLarge")
  else source.on("data", onData).on("end", onEnd).on("error", onAbort).on("close", onAbort)
  return stop
}
