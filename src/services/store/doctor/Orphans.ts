import { Either } from "effect"
import { type Check, interval, recentDeliveries, recentEvents } from "./Check.ts"

const byHand = "Sluice writes these rows together and removes none of them, so somebody has removed rows by hand, a " +
  "restore was not complete, or this is a bug."

// A scalar subquery looks each row up by its index; the planner may turn EXISTS into a scan of the other table.
const eventWithoutBody: Check = {
  id: "event-without-body",
  title: "Events whose content is gone",
  severity: "critical",
  meaning:
    `These events were received within a day, and their bodies are gone. What is still to be delivered of them ` +
    `will fail. ${byHand}`,
  advice: "Bring the rows of event_bodies back from a backup, or have the provider send these webhooks again.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject, 'integration ' || integration_id || ', dedupe key ' || dedupe_key AS detail
      FROM ${recentEvents(sql, view)} AS e
      WHERE received_at > now() - ${interval(sql, view.windows.kept)} AND (
        SELECT true FROM event_bodies WHERE event_id = e.id AND event_bodies.received_at = e.received_at
      ) IS NULL`)
}

const deliveryWithoutEvent: Check = {
  id: "delivery-without-event",
  title: "Deliveries of an event that does not exist",
  severity: "critical",
  meaning: `These deliveries name an event that is not there. ${byHand}`,
  advice: "Bring the rows of events back from a backup, or have the provider send these webhooks again.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject, state || ', event ' || event_id AS detail
      FROM ${recentDeliveries(sql, view)} AS d
      WHERE (SELECT true FROM events WHERE id = d.event_id) IS NULL`)
}

const eventWithoutDelivery: Check = {
  id: "event-without-delivery",
  title: "Events without a delivery that are not unrouted",
  severity: "critical",
  meaning: `A destination matched these events when they came in, and no delivery of them is there. ${byHand}`,
  advice: "POST /api/v1/events/{id}/replay makes deliveries for every destination that matches the event now.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject, 'integration ' || integration_id AS detail
      FROM ${recentEvents(sql, view)} AS e
      WHERE NOT unrouted AND (SELECT true FROM deliveries WHERE event_id = e.id LIMIT 1) IS NULL`)
}

const unroutedWithDelivery: Check = {
  id: "unrouted-with-delivery",
  title: "Unrouted events that have a delivery",
  severity: "warning",
  meaning:
    "These events are marked as wanted by nobody, but they have deliveries. Those are carried out all the same; " +
    "only lists by status show the events in the wrong place.",
  advice: "POST /api/v1/events/{id}/replay takes the mark away, and delivers again. If nobody changed rows by hand, " +
    "please report it together with the rows.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT id::text AS subject, 'integration ' || integration_id AS detail
      FROM (SELECT * FROM events WHERE unrouted ORDER BY id DESC LIMIT ${view.windows.recent}) AS e
      WHERE (SELECT true FROM deliveries WHERE event_id = e.id LIMIT 1) IS NOT NULL`)
}

const attemptWithoutDelivery: Check = {
  id: "attempt-without-delivery",
  title: "Attempts of a delivery that does not exist",
  severity: "warning",
  meaning: `These calls were made for deliveries that are not there any more. ${byHand}`,
  advice: "Bring the rows of deliveries back from a backup. Nothing else is affected.",
  query: (sql, view) =>
    Either.right(sql`
      SELECT delivery_id::text AS subject, 'generation ' || generation || ', attempt ' || number AS detail
      FROM (
        SELECT * FROM attempts ORDER BY delivery_id DESC, generation DESC, number DESC LIMIT ${view.windows.recent}
      ) AS a
      WHERE recorded_at > now() - ${interval(sql, view.windows.kept)}
        AND (SELECT true FROM deliveries WHERE id = a.delivery_id) IS NULL`)
}

export const orphans: ReadonlyArray<Check> = [
  eventWithoutBody,
  deliveryWithoutEvent,
  eventWithoutDelivery,
  unroutedWithDelivery,
  attemptWithoutDelivery
]
