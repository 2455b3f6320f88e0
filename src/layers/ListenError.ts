import { Data, Predicate } from "effect"

/** A server cannot listen where it is told to. */
export class ListenError extends Data.TaggedError("ListenError")<{
  /** The variable that names the port. */
  readonly variable: string
  readonly cause: unknown
}> {
  override get message(): string {
    const { cause, variable } = this
    const code = Predicate.hasProperty(cause, "code") ? cause.code : undefined
    const port = Predicate.hasProperty(cause, "port") ? ` ${cause.port}` : ""
    return code === "EADDRINUSE"
      ? `The port${port} is taken by another program: stop that one, or choose another port with ${variable}.`
      : `The server cannot listen on APP_HOST and ${variable}: ${
        Predicate.hasProperty(cause, "message") ? cause.message : cause
      }`
  }
}
