import { Data } from "effect"

/** `detail` is for the person who runs the tests: what was tried and what came of it, without secrets. */
export class ServerUnavailable extends Data.TaggedError("ServerUnavailable")<{
  readonly server: string
  readonly reason: "NotConfigured" | "NotInstalled" | "Folder" | "Port" | "Spawn" | "Exited" | "NotReady" | "Container"
  readonly detail: string
  readonly cause?: unknown
}> {
  override get message(): string {
    return `${this.server}: ${this.detail}`
  }
}
