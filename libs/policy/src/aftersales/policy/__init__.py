"""Service policies (服务政策, ALL-1): every figure of the business as versioned data, and which one holds for an item.

`model` says what a policy is, `presets` are those shipped, `choose` picks one, `lint` finds what is wrong with some,
`difference` and `explain` tell people about them. `calendars`, `timetable` and `business_time` reckon with opening
hours, `sla` with clocks. Imports `aftersales.values` alone. Pure, but for reading the packaged YAML once.
"""
