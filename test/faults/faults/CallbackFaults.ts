import type * as Characters from "../Characters.ts"
import type { Fault } from "./Fault.ts"
import * as Stack from "./Stack.ts"

const characters = Stack.make<Characters.Name>("healthy")

/** A destination has a bad character for a while, and heals. */
export const misbehave = (character: Characters.Name): Fault => ({ callbacks }, target) =>
  characters(target, character, (to) => callbacks.behave(target, to))
