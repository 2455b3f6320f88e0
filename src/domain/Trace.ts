import { Option } from "effect"
import { randomBytes } from "node:crypto"
import type { EventId } from "./Ids.ts"

/**
 * The trace of an event is its id: 16 bytes both. So whoever has the event's id, in whichever process and however much later,
 * tells the same trace, and no message has to carry it.
 */
export const ofEvent = (id: EventId): string => id.replaceAll("-", "")

/** The span in which the event came in, under which all others of its trace stand: the random half of the id. */
export const rootOf = (id: EventId): string => ofEvent(id).slice(16)

/** The id of any other span. */
export const newSpan = (): string => randomBytes(8).toString("hex")

/** A span of somebody else's, as W3C's `traceparent` header names it. */
export const parent = (header: string): Option.Option<{ readonly traceId: string; readonly spanId: string }> => {
  const [, traceId = "", spanId = ""] = traceparent.exec(header.trim()) ?? []
  return /[1-9a-f]/.test(traceId) && /[1-9a-f]/.test(spanId) ? Option.some({ traceId, spanId }) : Option.none()
}

const traceparent = /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(?:-.*)?$/
