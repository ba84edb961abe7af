def one_of(choices: type[Enum], name: str) -> EnumType:
    """Return a text column that takes the values of an enumeration and no others."""
    return EnumType(
        choices,
        name=name,
        native_enum=False,
        create_constraint=True,
        values_callable=lambda members: [member.value for member in members],
    )
