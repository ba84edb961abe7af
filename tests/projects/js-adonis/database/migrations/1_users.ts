import { BaseSchema } from '@adonisjs/lucid/schema'

export default class extends BaseSchema {
  async up() {
    this.schema.createTable('users', (table) => {
      table.increments('id')
      table.string('name').notNullable()
    })
  }

  async down() {
    this.schema.dropTable('users')
  }
}
