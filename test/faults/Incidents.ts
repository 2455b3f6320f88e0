import type { Incident } from "./Books.ts"

const ofWorker = ({ target }: Incident): boolean => target.startsWith("worker")

/** Whether an answer of a callback may stay without its record: a worker stopped, or PostgreSQL or the way to it hurt. */
export const keepsFromRecording = (incident: Incident): boolean => {
  switch (incident.kind) {
    case "kill":
    case "freeze":
    case "clock-minutes":
    case "clock-hours":
      return ofWorker(incident)
    case "line-refuse":
    case "line-hole":
    case "line-slow":
    case "line-break":
      return ofWorker(incident) && incident.target.endsWith(">postgres")
    default:
      return incident.kind.startsWith("postgres-")
  }
}

/** What was lost or held back then comes out so much later, when the next marker is back. */
const aftermath = 60_000

/** Whether messages that were queued may be gone, or in the hand of a worker that cannot go on, at a moment. */
export const hidesMessages = (incident: Incident, at: number): boolean => {
  if (at < incident.from || at > incident.until + aftermath) return false
  switch (incident.kind) {
    case "rabbitmq-purge":
    case "rabbitmq-delete":
      return true
    case "freeze":
      return ofWorker(incident)
    case "line-refuse":
    case "line-hole":
    case "line-slow":
    case "line-break":
      return ofWorker(incident) && !incident.target.endsWith(">redis")
    default:
      return incident.kind.startsWith("postgres-")
  }
}
