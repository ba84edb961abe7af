import { createApp, h } from 'vue'

/** @typedef {import('socket.io').Socket} Socket */

createApp({ render: () => h('h1', 'hello') }).mount('#app')
