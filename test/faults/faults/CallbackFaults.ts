import { Effect } from "effect"
import * as Characters from "../Characters.ts"
import type { Fault } from "./Fault.ts"

/** A destination has a bad character for a while, and heals. */
export const misbehave = (character: Characters.Bad): Fault => ({ callbacks }, target) =>
  Effect.acquireRelease(
    callbacks.behave(target, Characters.bad[character]),
    () => callbacks.behave(target, Characters.healthy)
  )
