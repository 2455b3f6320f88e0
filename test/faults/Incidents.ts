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

/**
 * Whether messages that were queued may be gone, or in the hand of a worker that cannot go on, at a moment. There is no end
 * to it: a marker may take as long as the queue before it, and another fault may put the search off.
 */
export const hidesMessages = (incident: Incident, at: number): boolean => {
  if (at < incident.from) return false
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
