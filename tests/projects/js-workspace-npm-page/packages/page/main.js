import { greeting } from 'ui'
import { createApp, h } from 'vue'

createApp({ render: () => h('h1', greeting) }).mount('#app')
