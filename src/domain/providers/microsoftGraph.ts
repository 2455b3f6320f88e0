import { fixed } from "./Provider.ts"

/** `clientState` in each notification is the secret; the subscription's URL is proven by an echo. */
export const microsoftGraph = fixed({
  title: "Microsoft Graph",
  docs: "https://learn.microsoft.com/en-us/graph/change-notifications-delivery-webhooks",
  certainty: "C",
  source: "not verified",
  note:
    "The secret is the clientState of the subscription. It proves the sender, not the body, and it stays in the body where that is kept.",
  manners: { waits: 10 }
}, {
  proofs: [{ kind: "token", each: "$.value", at: [{ item: "$.clientState" }] }],
  only: "$.value",
  // Without ids all changes of one kind have the same body.
  dedupe: [[{ item: "$.id" }]],
  unnamed: "moment",
  type: [[{ item: "$.changeType" }], [{ item: "$.lifecycleEvent" }]],
  handshakes: [{
    when: [{ at: { query: "validationToken" } }],
    provenBy: "nothing",
    text: { query: "validationToken" }
  }]
})
