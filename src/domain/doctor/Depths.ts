import { Array, Option } from "effect"
import * as Queues from "../Queues.ts"

/** How full one queue is. Messages in a consumer's hand are not counted. */
export interface Depth {
  readonly name: string
  readonly messages: number
  readonly consumers: number
}

/** How full the gateway's queues are. One that does not exist counts as empty. */
export interface Depths {
  readonly process: Depth
  readonly retry: Depth
  readonly replay: Depth
  readonly deadLetter: Depth
  readonly rungs: ReadonlyArray<Depth>
  readonly missing: ReadonlyArray<string>
}

/** What was seen of the queues that exist. */
export const make = (queues: Queues.Queues, seen: ReadonlyArray<Depth>): Depths => {
  const find = (name: string) => Array.findFirst(seen, (depth) => depth.name === name)
  const depth = (name: string): Depth => Option.getOrElse(find(name), () => ({ name, messages: 0, consumers: 0 }))
  return {
    process: depth(queues.process),
    retry: depth(queues.retry),
    replay: depth(queues.replay),
    deadLetter: depth(queues.deadLetter),
    rungs: queues.rungs.map(({ name }) => depth(name)),
    missing: Queues.names(queues).filter((name) => Option.isNone(find(name)))
  }
}

/** Messages that are on their way to a worker, now or after a delay. */
export const underWay = ({ process, retry, rungs }: Depths): number =>
  [process, retry, ...rungs].reduce((sum, { messages }) => sum + messages, 0)
