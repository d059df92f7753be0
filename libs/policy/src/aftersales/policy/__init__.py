"""Service policies (服务政策, ALL-1): every figure of the business as versioned data, and the choice for an item.

`model` defines a policy, `presets` holds the shipped ones, `choose` picks one, `lint` finds errors and doubts,
`difference` and `explain` compare policies and justify a choice. `calendars`, `timetable` and `business_time` compute
with opening hours, `sla` with clocks. Imports only `aftersales.values`. Pure, except that packaged YAML is read once.
"""
