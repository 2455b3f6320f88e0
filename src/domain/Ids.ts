import { Schema } from "effect"

/** Every id is a UUIDv7, so that sorting by id is sorting by time. */
export const IntegrationId = Schema.UUID.pipe(Schema.brand("IntegrationId"))
export type IntegrationId = typeof IntegrationId.Type

export const SecretId = Schema.UUID.pipe(Schema.brand("SecretId"))
export type SecretId = typeof SecretId.Type

export const DestinationId = Schema.UUID.pipe(Schema.brand("DestinationId"))
export type DestinationId = typeof DestinationId.Type

export const EventId = Schema.UUID.pipe(Schema.brand("EventId"))
export type EventId = typeof EventId.Type

export const DeliveryId = Schema.UUID.pipe(Schema.brand("DeliveryId"))
export type DeliveryId = typeof DeliveryId.Type

export const ReplayId = Schema.UUID.pipe(Schema.brand("ReplayId"))
export type ReplayId = typeof ReplayId.Type

export const MarkerId = Schema.UUID.pipe(Schema.brand("MarkerId"))
export type MarkerId = typeof MarkerId.Type

export const RejectionId = Schema.UUID.pipe(Schema.brand("RejectionId"))
export type RejectionId = typeof RejectionId.Type
