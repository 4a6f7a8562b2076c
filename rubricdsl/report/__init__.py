"""The report: what a run found, as one page of HTML that needs nothing beside it.

A section is one module of `sections`: it takes a record and gives its HTML.  `page`
puts together those for which there is a record, `document` makes the file of it, and
`markup` sees to it that no text is ever taken for HTML.
"""
