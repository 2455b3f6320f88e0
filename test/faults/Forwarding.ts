import type * as Books from "./Books.ts"

/** Calls and deliveries that are for somebody else, or for nobody. */
export const misdirected = (books: Books.Books, index: Books.Index): ReadonlyArray<string> => [
  ...books.events
    .filter((event) => index.webhookOf(event) === undefined)
    .map(({ id, integration, key }) => `event ${id} of ${integration} is stored as ${key}, which nobody sent`),
  ...books.webhooks.flatMap((webhook) => {
    const event = index.eventOf(webhook)
    const deliveries = event === undefined ? [] : index.deliveriesOf(event.id)
    return deliveries
      .filter(({ destination }, place) =>
        !webhook.wanted.some((_) => _ === destination) ||
        deliveries.findIndex((_) => _.destination === destination) !== place
      )
      .map((_) =>
        `${webhook.id} of ${webhook.integration} has delivery ${_.id} to ${_.destination}, which is not wanted`
      )
  }),
  ...books.calls.flatMap((call) => {
    const delivery = index.deliveryById(call.deliveryId)
    if (delivery !== undefined && delivery.eventId === call.eventId && delivery.destination === call.destination) {
      return []
    }
    const row = delivery === undefined ? "nothing" : `event ${delivery.eventId} to ${delivery.destination}`
    return [`event ${call.eventId} came to ${call.destination} as delivery ${call.deliveryId}, which is ${row}`]
  })
]

/** Calls that came with another body or other headers than were sent. */
export const changed = ({ calls }: Books.Books, index: Books.Index): ReadonlyArray<string> =>
  calls.flatMap((call) => {
    const event = index.eventById(call.eventId)
    const webhook = event === undefined ? undefined : index.webhookOf(event)
    const what = `event ${call.eventId} came to ${call.destination} with`
    if (webhook === undefined || webhook.hash !== call.hash) return [`${what} another body than was sent`]
    const sent = { ...webhook.sent, integration: webhook.integration }
    return names
      .filter((name) => call.got[name] !== sent[name])
      .map((name) => `${what} ${name} ${JSON.stringify(call.got[name])} instead of ${JSON.stringify(sent[name])}`)
  })

const names = ["contentType", "id", "integration"] as const
