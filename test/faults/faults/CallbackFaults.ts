import { Effect } from "effect"
import type * as Characters from "../Characters.ts"
import type { Fault } from "./Fault.ts"

/** A destination has a bad character for a while, and heals. */
export const misbehave = (character: Characters.Name): Fault => ({ callbacks }, target) =>
  Effect.acquireRelease(
    callbacks.behave(target, character),
    () => callbacks.behave(target, "healthy")
  )
