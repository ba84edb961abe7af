const rows = []
for (;;) rows.push({ value: Math.random().toString() })
