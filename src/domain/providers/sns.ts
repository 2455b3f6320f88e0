import { fixed } from "./Provider.ts"

const hosts = ["sns.<region>.amazonaws.com", "sns.<region>.amazonaws.com.cn"] as const
const certificates = [
  "sns.<region>.amazonaws.com/SimpleNotificationService-",
  "sns.<region>.amazonaws.com.cn/SimpleNotificationService-"
] as const
const signature = {
  kind: "certificate",
  at: [{ json: "$.Signature" }],
  encoding: "base64",
  certificate: { json: "$.SigningCertURL" },
  hosts: certificates,
  key: { prefix: "arn:aws", prefixRequired: true },
  speaksFor: { json: "$.TopicArn" },
  content: ["{lines:Message,MessageId,Subject,SubscribeURL,Timestamp,Token,TopicArn,Type}"]
} as const

/** RSA over named members of the body. Every account's topics are signed by the same certificate, so the topic is the secret. */
export const sns = fixed({
  title: "AWS SNS",
  docs: "https://docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html",
  certainty: "C",
  source: "not verified",
  note:
    "The secret is the topic's ARN. A subscription to it is confirmed without asking. Raw message delivery is not signed and cannot be accepted."
}, {
  proofs: [
    { ...signature, when: [{ at: { json: "$.SignatureVersion" }, equals: "2" }] },
    { ...signature, hash: "sha1", when: [{ at: { json: "$.SignatureVersion" }, equals: "1" }] }
  ],
  dedupe: [[{ json: "$.MessageId" }]],
  type: [[{ json: "$.Type" }]],
  handshakes: [{
    when: [{ at: { json: "$.Type" }, equals: "SubscriptionConfirmation" }],
    visit: { at: { json: "$.SubscribeURL" }, hosts }
  }]
})
