// Proposes the browser's time zone in the form for a new live blog. The form works without it.
{
  const field = document.getElementById("time_zone");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  // A browser may restore what the author entered before.
  if (field && zone && field.value === field.defaultValue) field.value = zone;
}
