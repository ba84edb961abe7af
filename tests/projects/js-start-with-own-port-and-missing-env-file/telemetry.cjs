globalThis.startedAt = new Date()
